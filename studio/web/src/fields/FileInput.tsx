import { CameraOutlined, CloseOutlined, DeleteOutlined, UploadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Progress } from "antd";
import { useEffect, useRef, useState, type DragEvent } from "react";
import { api } from "../api/client";
import { bytesOf, upload, type FileShape, type Sending } from "../api/files";
import { asRefusal, spoken } from "../api/problem";
import type { FieldModel, Json } from "../api/types";
import { usePhone } from "../app/theme";
import { fileSize } from "../format/amount";
import { useLanguage, type Speaker } from "../i18n/language";
import { FileRow } from "./FileRow";

interface Props {
  id?: string;
  entity: string;
  field: FieldModel;
  value: Json | undefined;
  /** What the record's file is called, where that is known already. */
  known?: FileShape;
  invalid?: boolean;
  describedBy?: string;
  onChange: (value: Json) => void;
}

/** What may be chosen, in words: 图片、PDF，最大 50 MB. */
function limits(field: FieldModel, t: Speaker): string {
  const kinds = (field.type === "image" ? ["image/*"] : (field.accept ?? [])).map((one) => {
    const [family = "", kind = ""] = one.split("/");
    if (["image", "audio", "video", "text"].includes(family) && kind === "*") return t(`file.kind.${family as "image" | "audio" | "video" | "text"}`);
    if (one === "text/plain") return t("file.kind.text");
    return kind.length <= 5 ? kind.toUpperCase() : t("file.kind.document");
  });
  const most = bytesOf(field.max_size);
  return [[...new Set(kinds)].join(t("file.and")), most === undefined ? "" : t("file.most", { size: fileSize(most) })].filter(Boolean).join(t("file.comma"));
}

/** A file of a field: chosen, dropped or photographed, sent at once with its progress; shown, fetched, taken away. */
export function FileInput({ id, entity, field, value, known, invalid, describedBy, onChange }: Props) {
  const { t } = useLanguage();
  const phone = usePhone();
  const [share, setShare] = useState<{ name: string; part: number } | null>(null);
  const [wrong, setWrong] = useState("");
  const [over, setOver] = useState(false);
  const [sent, setSent] = useState<FileShape | undefined>();
  const sending = useRef<Sending | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const file = typeof value === "string" ? value : null;
  const near = [sent, known].find((one) => one?.id === file);
  const about = useQuery({ queryKey: ["file", file], enabled: file !== null && !near, staleTime: Infinity, queryFn: () => api.get<FileShape>(`/files/${file}/about`) });
  const shown = near ?? about.data;
  const pictures = field.type === "image" || field.accept?.some((one) => one.startsWith("image/"));

  useEffect(() => () => sending.current?.cancel(), []);

  const take = async (chosen: File | undefined) => {
    if (!chosen || share) return;
    const most = bytesOf(field.max_size);
    if (most !== undefined && chosen.size > most) return setWrong(t("file.tooLarge", { name: chosen.name, size: fileSize(chosen.size), most: fileSize(most) }));
    setWrong("");
    setShare({ name: chosen.name, part: 0 });
    try {
      sending.current = upload(entity, field.name, chosen, (part) => setShare({ name: chosen.name, part }));
      const kept = await sending.current.done;
      setSent(kept);
      onChange(kept.id);
    } catch (error) {
      if (error instanceof DOMException) return;
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? t("file.offline", { name: chosen.name }) : refusal.problems.map(spoken).join(" ") || refusal.message);
    } finally {
      sending.current = null;
      setShare(null);
    }
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  const input = (of: typeof picker, capture: boolean, name?: string) => (
    <input
      ref={of}
      id={name}
      type="file"
      className="unseen"
      tabIndex={-1}
      aria-hidden={name ? undefined : true}
      accept={field.type === "image" || capture ? "image/*" : field.accept?.join(",")}
      capture={capture ? "environment" : undefined}
      onChange={(event) => {
        void take(event.target.files?.[0]);
        event.target.value = "";
      }}
    />
  );

  return (
    <div className={`file-input${over ? " file-over" : ""}${invalid || wrong ? " file-wrong" : ""}`} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped} aria-describedby={describedBy}>
      {input(picker, false, id)}
      {pictures && phone && input(camera, true)}
      {share ? (
        <div className="file-sending" role="status">
          <span className="clip">{share.name}</span>
          <Progress percent={Math.round(share.part * 100)} size="small" aria-label={t("file.sending", { name: share.name })} />
          <button type="button" className="file-way" aria-label={t("app.cancel")} onClick={() => sending.current?.cancel()}><CloseOutlined aria-hidden /></button>
        </div>
      ) : file ? (
        <FileRow id={file} name={shown?.name ?? t("app.loading")} size={shown?.size} type={shown?.type}>
          <span className="file-ways">
            <button type="button" className="file-way" aria-label={t("file.replace", { label: field.label })} title={t("file.replaceShort")} onClick={() => picker.current?.click()}><UploadOutlined aria-hidden /></button>
            <button type="button" className="file-way" aria-label={t("file.remove", { label: field.label })} title={t("file.removeShort")} onClick={() => { setWrong(""); onChange(null); }}><DeleteOutlined aria-hidden /></button>
          </span>
        </FileRow>
      ) : (
        <div className="file-pick">
          {pictures && phone && <button type="button" className="file-button" onClick={() => camera.current?.click()}><CameraOutlined aria-hidden /> {t("file.photo")}</button>}
          <button type="button" className="file-button" aria-label={t("say.colon", { a: t("file.pick"), b: field.label })} onClick={() => picker.current?.click()}><UploadOutlined aria-hidden /> {t("file.pick")}</button>
          {!phone && <span className="quiet small">{t("file.drop")}</span>}
        </div>
      )}
      {!file && !share && limits(field, t) && <p className="asked-help">{limits(field, t)}</p>}
      {wrong && <p className="asked-wrong" role="alert">{wrong}</p>}
    </div>
  );
}
