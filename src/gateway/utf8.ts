/** Bytes of `text` in UTF-8, counted without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    // A surrogate pair is two units and four bytes.
    else if (unit >= 0xd800 && unit <= 0xdfff) bytes += 1;
    else bytes += 2;
  }
  return bytes;
}

/** Whether `text` is longer than `limit` bytes in UTF-8; counts only where a guess does not settle it. */
export function exceedsUtf8Length(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  return utf8Length(text) > limit;
}
