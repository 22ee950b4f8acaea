/** A person's sign: the last two characters of a Chinese name, initials of others. */
export function Face({ name, small = false }: { name: string; small?: boolean }) {
  const letters = /\p{Script=Han}/u.test(name)
    ? name.slice(-2)
    : name
        .split(/\s+/)
        .map((part) => part[0] ?? "")
        .slice(0, 2)
        .join("")
        .toUpperCase();
  return (
    <span className={small ? "face face-small" : "face"} aria-hidden>
      {letters}
    </span>
  );
}
