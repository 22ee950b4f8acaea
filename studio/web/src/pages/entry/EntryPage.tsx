import { Button } from "antd";
import { useRef, useState } from "react";
import { useParams } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { asRefusal, byField, general, type Refusal } from "../../api/problem";
import type { CreateAnswer, EntityModel, FormModel, Json } from "../../api/types";
import { refreshLive } from "../../app/live";
import { useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { Asked } from "../../fields/Asked";
import { BigChoices } from "../../fields/BigChoices";
import { fieldOf } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { NotFound } from "../../widgets/NotFound";
import { Notes } from "../../widgets/Notes";
import { PageHead } from "../../widgets/PageHead";
import { Duplicates } from "./Duplicates";
import { EntryDone } from "./EntryDone";
import { firstValues, mustHave, questions, unanswered } from "./plan";
import { useClock } from "./useClock";
import { useEntryDraft } from "./useEntryDraft";
import "../step/step.css";
import "./entry.css";

export default function EntryPage() {
  const { form: name = "" } = useParams();
  const { model } = useSurroundings();
  const form = model.forms[name];
  const entity = model.entities[form?.entity ?? ""];
  if (!form || !entity) return <NotFound />;
  return <Entry key={name} name={name} form={form} entity={entity} />;
}

interface Done {
  answer: CreateAnswer;
  took: number;
}

/** A new record by a form: few questions, one judgement, duplicates shown while typing, the time measured. */
function Entry({ name, form, entity }: { name: string; form: FormModel; entity: EntityModel }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const toast = useToast();
  const client = useQueryClient();
  const clock = useClock();
  const [values, setValues, clear] = useEntryDraft(name, firstValues(model, entity, form));
  const [missing, setMissing] = useState<Record<string, string>>({});
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Done | null>(null);
  const frame = useRef<HTMLFormElement>(null);

  const sections = questions(model, entity, form);
  const fields = sections.flatMap((section) => section.fields);
  const apart = Object.entries(form.ask_one_of).flatMap(([field, names]) => {
    const found = fieldOf(entity, field);
    return found ? [{ field: found, choices: names.map((one) => ({ name: one, label: found.choices?.find((choice) => choice.name === one)?.label ?? one })) }] : [];
  });
  const all = [...fields, ...apart.map((one) => one.field)];
  const wrong = { ...(refusal ? byField(refusal) : {}), ...missing };
  const above = refusal ? general(refusal, all.map((field) => field.name)) : [];

  const change = (field: string, value: Json) => {
    clock.start();
    setValues({ ...values, [field]: value });
    if (field in wrong) {
      setMissing(({ [field]: _gone, ...rest }) => rest);
      setRefusal(null);
    }
  };

  const showFirst = (names: string[]) => {
    const first = all.find((field) => names.includes(field.name));
    const row = first && frame.current?.querySelector(`[data-field="${first.name}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.querySelector<HTMLElement>("input, textarea, button")?.focus();
  };

  const save = async () => {
    const open = unanswered(form, all, values);
    setMissing(Object.fromEntries(open.map((field) => [field.name, t(field.choices ? "entry.choose" : "entry.missing", { label: field.label })])));
    if (open.length > 0) return showFirst(open.map((field) => field.name));
    setBusy(true);
    try {
      const answer = await api.post<CreateAnswer>(`/records/${entity.name}`, { values, form: name });
      const took = clock.stop();
      clear();
      setRefusal(null);
      setDone({ answer, took });
      window.scrollTo({ top: 0 });
      await refreshLive(client);
    } catch (error) {
      const said = asRefusal(error);
      if (said.status === 0) toast.warn(t("app.offline"));
      else {
        setRefusal(said);
        showFirst(Object.keys(byField(said)));
      }
    } finally {
      setBusy(false);
    }
  };

  if (done) return <EntryDone entity={entity} answer={done.answer} took={done.took} onAnother={() => setDone(null)} />;
  const blocked = Object.keys(missing).length;
  return (
    <div className="entry">
      <PageHead title={form.label} note={clock.seconds > 0 ? <span aria-hidden>{t("entry.clock", { n: clock.seconds })}</span> : undefined} />
      <form
        ref={frame}
        className="entry-form"
        noValidate
        onKeyDown={(event) => {
          // Enter in an open calendar or list chooses there; it must not send the form.
          if (event.key === "Enter" && (event.target as HTMLElement).closest(".ant-picker, .ant-select")) event.preventDefault();
        }}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Notes tone="bad" lines={above} />
        {blocked > 0 && <Notes tone="warn" lines={[t("entry.fix", { n: blocked })]} />}
        {sections.map((section, at) => (
          <fieldset key={section.name} className="ask-section">
            {section.label && <legend>{section.label}</legend>}
            <div className={section.columns > 1 ? "ask-grid ask-grid-2" : "ask-grid"}>
              {section.fields.map((field, index) => (
                <Asked
                  key={field.name}
                  entity={entity.name}
                  field={field}
                  value={values[field.name]}
                  required={mustHave(form, field)}
                  wrong={wrong[field.name]}
                  autoFocus={at === 0 && index === 0}
                  onChange={(value) => change(field.name, value)}
                />
              ))}
            </div>
          </fieldset>
        ))}
        {apart.map(({ field, choices }) => (
          <div key={field.name} data-field={field.name}>
            <BigChoices
              label={field.label}
              choices={choices}
              value={typeof values[field.name] === "string" ? String(values[field.name]) : null}
              required={mustHave(form, field)}
              wrong={wrong[field.name]}
              onChange={(value) => change(field.name, value)}
            />
          </div>
        ))}
        <Duplicates entity={entity} values={values} />
        <div className="entry-ways">
          <Button size="large" onClick={clear}>{t("entry.clear")}</Button>
          <Button type="primary" htmlType="submit" size="large" loading={busy}>{t("entry.save")}</Button>
        </div>
      </form>
    </div>
  );
}
