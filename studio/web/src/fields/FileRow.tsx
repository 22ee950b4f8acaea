import { DownloadOutlined, FileOutlined, FilePdfOutlined } from "@ant-design/icons";
import { Modal } from "antd";
import { useState, type ReactNode } from "react";
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

const PICTURE = /\.(png|jpe?g|gif|webp|avif)$/i;

/** A kept file: its sign, its name as a download, its size. A picture shows itself, large when pressed. */
export function FileRow({ id, name, size, type, children }: Props) {
  const { t } = useLanguage();
  const [large, setLarge] = useState(false);
  const where = address(`/files/${id}`);
  const picture = type ? type.startsWith("image/") : PICTURE.test(name);
  return (
    <span className="file-row">
      {picture ? (
        <button type="button" className="file-see" aria-label={t("file.see", { name })} onClick={() => setLarge(true)}>
          <img className="file-thumb" src={where} alt="" loading="lazy" />
        </button>
      ) : (
        <span className="file-sign" aria-hidden>{/\.pdf$/i.test(name) ? <FilePdfOutlined /> : <FileOutlined />}</span>
      )}
      <a className="file-name" href={where} download={name} title={t("file.download", { name })}>
        <span className="clip">{name}</span>
        <span className="quiet small">{size === undefined ? "" : fileSize(size)} <DownloadOutlined aria-hidden /></span>
      </a>
      {children}
      <Modal open={large} footer={null} title={name} width="min(92vw, 960px)" onCancel={() => setLarge(false)}>
        <img className="file-large" src={where} alt={name} />
      </Modal>
    </span>
  );
}
