/** Imported while running. */
export const dynamic = "typed";
