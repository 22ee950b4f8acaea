import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { asRefusal, spoken } from "../../api/problem";
import { saveTemplate, useLatest, useLook, useTemplate, type TemplateShape, type TextEdit } from "../../api/templates";
import { useToast } from "../../app/toast";
import { LinkInput } from "../../fields/LinkInput";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { useLater } from "../../widgets/later";
import { Notes } from "../../widgets/Notes";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { Preview } from "./Preview";
import { TextEditor } from "./TextEditor";
import { Versions } from "./Versions";
import "./templates.css";

/** One template: its texts on one side, how it looks for a real record on the other, its versions below. */
export default function TemplatePage() {
  const { name = "" } = useParams();
  const found = useTemplate(name);
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  return <Editor key={`${name} ${found.data.mark}`} template={found.data} />;
}

const WAIT = 350;

function Editor({ template }: { template: TemplateShape }) {
  const { t } = useLanguage();
  const toast = useToast();
  const client = useQueryClient();
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [chosen, setChosen] = useState<number | null>(null);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const edits: TextEdit[] = template.texts.filter((one) => typed[one.at] !== undefined && typed[one.at] !== one.value).map((one) => ({ at: one.at, value: typed[one.at] ?? "" }));
  const later = useLater(JSON.stringify(edits), WAIT);
  const latest = useLatest(template.entity);
  const record = chosen ?? latest.data?.id ?? null;
  const look = useLook(template.name, JSON.parse(later) as TextEdit[], record);
  const mistakes = look.data?.problems ?? [];
  const elsewhere = mistakes.filter((one) => !template.texts.some((text) => text.at === one.at));

  const save = async () => {
    setBusy(true);
    setWrong([]);
    try {
      await saveTemplate(template.name, edits, template.mark);
      toast.say(t("tpl.saved"));
      await Promise.all([client.invalidateQueries({ queryKey: ["template"] }), client.invalidateQueries({ queryKey: ["plan"] }), client.invalidateQueries({ queryKey: ["look"] })]);
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="template">
      <PageHead title={template.label} note={t("tpl.for", { entity: template.entity_label })}>
        <Link to="/templates">{t("tpl.all")}</Link>
        <Link to="/revisions">{t("tpl.publish")}</Link>
        <Button type="primary" disabled={edits.length === 0 || mistakes.length > 0} loading={busy} onClick={() => void save()}>{t("app.save")}</Button>
      </PageHead>
      <Notes tone="bad" lines={wrong} />
      <div className="template-sides">
        <section className="panel" aria-label={t("tpl.texts")}>
          <h2>{t("tpl.texts")}</h2>
          <p className="quiet small">{t("tpl.textsHint")}</p>
          {template.texts.map((text) => (
            <TextEditor key={text.at} text={text} value={typed[text.at] ?? text.value} mistakes={mistakes.filter((one) => one.at === text.at)} onChange={(value) => setTyped((all) => ({ ...all, [text.at]: value }))} />
          ))}
        </section>
        <section className="panel template-preview" aria-label={t("tpl.preview")}>
          <h2>{t("tpl.preview")}</h2>
          <LinkInput
            id="template-record"
            entity={template.entity}
            field={{ name: "record", label: template.entity_label, type: "link", to: template.entity } as Parameters<typeof LinkInput>[0]["field"]}
            value={record}
            placeholder={t("tpl.record", { entity: template.entity_label })}
            titles={latest.data ? { [latest.data.id]: latest.data.title } : undefined}
            onChange={(value) => setChosen(typeof value === "number" ? value : null)}
          />
          <Notes tone="bad" lines={elsewhere.map((one) => `${one.where ? `${one.where.file}:${one.where.line}:${one.where.column} ` : ""}${spoken(one)}`)} />
          <Preview look={look} hasRecord={record !== null || latest.isPending} entity={template.entity_label} />
        </section>
      </div>
      <Versions template={template} />
    </div>
  );
}
