import { Button } from "antd";
import { Link } from "react-router";
import { useWhy } from "../../api/queries";
import { spoken } from "../../api/problem";
import { submitted } from "../../api/approvals";
import type { CreateAnswer, DuplicateFound, EntityModel, ProblemLine } from "../../api/types";
import { recordPath } from "../../app/paths";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";
import { PageHead } from "../../widgets/PageHead";
import { ScoreCard } from "../../widgets/ScoreCard";
import { SimilarRows } from "./Duplicates";

interface Props {
  entity: EntityModel;
  answer: CreateAnswer;
  took: number;
  onAnother: () => void;
}

/** After saving: what was made, how long it took, who has it now and why. */
export function EntryDone({ entity, answer, took, onAnother }: Props) {
  const { t } = useLanguage();
  const { record, warnings = [] } = answer;
  const waits = submitted(warnings);
  const why = useWhy(record.entity, record.id, !waits).data?.owner;
  const similar = warnings.filter((one): one is DuplicateFound => "record" in one);
  const said = warnings.filter((one): one is ProblemLine => "message" in one).map(spoken);
  if (waits) {
    return (
      <div className="entry">
        <PageHead title={t("appr.submitted")} />
        <div className="entry-form">
          <Notes tone="good" lines={[waits]} />
          <p className="quiet">{t("appr.submittedHint")}</p>
          <div className="entry-ways">
            <Button size="large" onClick={onAnother} autoFocus>{t("entry.another")}</Button>
            <Link className="link-button" to="/approvals?tab=asked">{t("appr.see")}</Link>
          </div>
        </div>
      </div>
    );
  }
  return (
    <div className="entry">
      <PageHead title={t("entry.done", { title: record.title })} note={took > 0 ? t("entry.took", { n: took }) : undefined} />
      <div className="entry-form">
        <Notes tone="warn" lines={said} />
        {why && why.candidates.length > 0 && <ScoreCard why={why} />}
        {similar.length > 0 && (
          <section className="similar">
            <h2>{t("entry.similar")}</h2>
            <SimilarRows rows={similar} entity={entity} />
          </section>
        )}
        <div className="entry-ways">
          <Button size="large" onClick={onAnother} autoFocus>{t("entry.another")}</Button>
          <Link className="link-button" to={recordPath(record.entity, record.id)}>{t("entry.open")}</Link>
        </div>
      </div>
    </div>
  );
}
