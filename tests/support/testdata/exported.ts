/** Re-exported, never imported. */
export const exported = "exported";
