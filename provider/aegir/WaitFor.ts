/** How far a handover waits: until files and panel agree, or only until the panel's database says so. */
export type WaitFor = "effective" | "recorded";
