/** Imported as a type only. */
export type Typed = "typed";
