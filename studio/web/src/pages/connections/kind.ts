/** What a pasted text most likely is, as a media type: nobody should have to say it. */
export function kindOf(text: string): string {
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[")) return "application/json";
  if (start.startsWith("<")) return "application/xml";
  if (/^[^\s=&,]+=[^\n]*$/.test(start.trim())) return "application/x-www-form-urlencoded";
  return "text/csv";
}
