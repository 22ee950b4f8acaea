import type { ProblemLine } from "../../api/types";
import { spoken } from "../../api/problem";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

/** What is wrong in the folder, with the place of each; nothing can be published until it is mended. */
export function FolderProblems({ problems }: { problems: ProblemLine[] }) {
  const { t } = useLanguage();
  return (
    <section className="panel">
      <h2>{t("rev.plan")}</h2>
      <Notes tone="warn" lines={[t("rev.folder")]} />
      <ul className="plan-lines">
        {problems.map((problem, at) => (
          <li key={at}>
            {spoken(problem)} {problem.where && <code className="quiet">{`${problem.where.file}:${problem.where.line}:${problem.where.column}`}</code>}
          </li>
        ))}
      </ul>
    </section>
  );
}
