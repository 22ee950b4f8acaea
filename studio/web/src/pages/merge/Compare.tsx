import { Button, Radio } from "antd";
import { useState } from "react";
import { useMerges, useSideBySide, type Choice, type Side, type SideBySide } from "../../api/merges";
import { asRefusal, spoken } from "../../api/problem";
import type { Json, RecordShape } from "../../api/types";
import { useSay } from "../../app/session";
import { useToast } from "../../app/toast";
import { FieldText } from "../../fields/FieldText";
import { isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Notes } from "../../widgets/Notes";
import { Splash } from "../../widgets/Splash";

interface Props {
  record: RecordShape;
  other: number;
  onBack: () => void;
  onClose: () => void;
}

/** Two records field by field; what differs is chosen, what is alike stands folded. It can be undone. */
export function Compare({ record, other, onBack, onClose }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const say = useSay();
  const ways = useMerges();
  const found = useSideBySide(record.entity, record.id, other);
  const [chosen, setChosen] = useState<Record<string, Choice>>({});
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);

  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} />;
  const seen = found.data;
  // Two instants of one minute read alike: there is nothing to choose for people.
  const reads = (side: Side) => side.same || (side.type === "datetime" && !isEmpty(side.mine) && !isEmpty(side.theirs) && say.fully(String(side.mine)) === say.fully(String(side.theirs)));
  const differing = seen.fields.filter((side) => !reads(side));
  const alike = seen.fields.filter((side) => reads(side) && !isEmpty(side.mine));
  const open = seen.fields.filter((side) => !side.same && !side.locked);

  const merge = async () => {
    setBusy(true);
    setWrong([]);
    try {
      const done = await ways.merge(seen, Object.fromEntries(open.map((side) => [side.name, chosen[side.name] ?? side.choice])));
      toast.say(t("merge.done", { title: seen.other.title }), () => ways.undo(done.number));
      onClose();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? [t("app.offline")] : refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
      void found.refetch();
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      {seen.score !== null && (
        <p className="quiet">{[t("entry.match", { n: Math.round(seen.score * 100) }), ...seen.reasons].join(" · ")}</p>
      )}
      <Notes tone="bad" lines={wrong} />
      <div className="merge-table" role="table" aria-label={t("merge.title", { title: record.title })}>
        <div role="row" className="merge-row merge-head">
          <span role="columnheader"><span className="unseen">{t("merge.field")}</span></span>
          <span role="columnheader"><span className="chip">{t("merge.stays")}</span> {seen.record.title}</span>
          <span role="columnheader"><span className="chip">{t("merge.goes")}</span> {seen.other.title}</span>
        </div>
        {differing.map((side) => (
          <Row key={side.name} side={side} seen={seen} choice={chosen[side.name] ?? side.choice} onChoose={(choice) => setChosen((all) => ({ ...all, [side.name]: choice }))} />
        ))}
      </div>
      {differing.length === 0 && <p>{t("merge.nothing")}</p>}
      {alike.length > 0 && (
        <details className="merge-alike">
          <summary>{t("merge.alike", { n: alike.length })}</summary>
          <dl>
            {alike.map((side) => (
              <div key={side.name}>
                <dt>{side.label}</dt>
                <dd><FieldText record={seen.record} name={side.name} type={side.type} plain /></dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {seen.links.length > 0 && <p>{t("merge.moves", { what: seen.links.map((one) => t("merge.count", { n: one.count, label: one.label })).join(t("appr.and")) })}</p>}
      <p className="quiet small">{t("merge.hint", { title: seen.other.title })}</p>
      <div className="merge-ways">
        <Button onClick={onBack}>{t("merge.back")}</Button>
        <Button type="primary" loading={busy} onClick={() => void merge()}>{t("merge.go")}</Button>
      </div>
    </>
  );
}

interface RowProps {
  side: Side;
  seen: SideBySide;
  choice: Choice;
  onChoose: (choice: Choice) => void;
}

function Row({ side, seen, choice, onChoose }: RowProps) {
  const { t } = useLanguage();
  const say = useSay();
  const value = (record: RecordShape, own: Json) => (side.type === "datetime" && !isEmpty(own) ? say.fully(String(own)) : isEmpty(own) ? <span className="quiet">{t("record.empty")}</span> : <FieldText record={record} name={side.name} type={side.type} plain />);
  return (
    <div role="row" className="merge-row">
      <span role="rowheader" className="quiet">{side.label}</span>
      <Radio.Group className="merge-choice" disabled={side.locked} value={choice} aria-label={side.label} onChange={(event) => onChoose(event.target.value as Choice)}>
        <Radio value="mine">{value(seen.record, side.mine)}</Radio>
        <Radio value="theirs">{value(seen.other, side.theirs)}</Radio>
        {side.both && <Radio value="both" className="merge-both">{t("merge.both")}</Radio>}
      </Radio.Group>
    </div>
  );
}
