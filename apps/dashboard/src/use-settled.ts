/** A value that changes only after it has rested: a search is asked for when the typing pauses. */
import { useEffect, useState } from "react";

/** The last value that stood for `restMs`. */
export function useSettled<Value>(value: Value, restMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return settled;
}
