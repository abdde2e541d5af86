import type { Plan, Start } from "./plan.ts";
import type { Progress } from "./recorder.ts";

/** What a thread of the loader is told. */
export type ToThread =
  | { readonly kind: "assemble"; readonly plan: Plan }
  | { readonly kind: "start"; readonly start: Start }
  /** Ends the work before its time. */
  | { readonly kind: "stop" }
  | { readonly kind: "disband" };

/** What a thread of the loader tells. */
export type FromThread =
  | { readonly kind: "assembled" }
  | { readonly kind: "progress"; readonly progress: Progress }
  /** Nothing more is to come, or it does not come. */
  | { readonly kind: "finished" }
  | { readonly kind: "disbanded" }
  | { readonly kind: "failed"; readonly message: string };
