/** RFC 9457 problem details: how every error leaves the API. */
import { z } from "zod";

export const issueSchema = z.object({
  where: z.string().meta({ description: "JSON pointer into the request, or `row 7, column price`" }),
  received: z.string(),
  required: z.string(),
});

export const problemSchema = z.object({
  type: z.string().meta({ description: "`about:rightsize/<code>`" }),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  advice: z.string(),
  instance: z.string().meta({ description: "The request's id, as in the log" }),
  issues: z.array(issueSchema),
});
export type Problem = z.infer<typeof problemSchema>;
