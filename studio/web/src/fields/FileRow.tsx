import { DownloadOutlined, FileImageOutlined, FileOutlined, FilePdfOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { address } from "../api/client";
import { fileSize } from "../format/amount";
import { useLanguage } from "../i18n/language";

interface Props {
  id: string;
  name: string;
  size?: number;
  type?: string;
  children?: ReactNode;
}

const PICTURE = /\.(png|jpe?g|gif|webp|avif|heic)$/i;

/** A kept file: its sign, its name as a download, its size; pictures show themselves. */
export function FileRow({ id, name, size, type, children }: Props) {
  const { t } = useLanguage();
  const where = address(`/files/${id}`);
  const picture = type?.startsWith("image/") ?? PICTURE.test(name);
  return (
    <span className="file-row">
      {picture ? <img className="file-thumb" src={where} alt="" loading="lazy" /> : <span className="file-sign" aria-hidden>{/\.pdf$/i.test(name) ? <FilePdfOutlined /> : picture ? <FileImageOutlined /> : <FileOutlined />}</span>}
      <a className="file-name" href={where} download={name} title={t("file.download", { name })}>
        <span className="clip">{name}</span>
        <span className="quiet small">{size === undefined ? "" : fileSize(size)} <DownloadOutlined aria-hidden /></span>
      </a>
      {children}
    </span>
  );
}
