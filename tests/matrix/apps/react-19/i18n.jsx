import i18next from "i18next";
import { renderToString } from "react-dom/server";
import { I18nextProvider, Trans, useTranslation } from "react-i18next";

const resources = {
  en: {
    translation: {
      hello: "Hello {{name}}!",
      items_one: "{{count}} item",
      items_other: "{{count}} items",
      place_ordinal_one: "{{count}}st",
      place_ordinal_two: "{{count}}nd",
      place_ordinal_few: "{{count}}rd",
      place_ordinal_other: "{{count}}th",
      price: "It costs {{price, currency(USD)}} for {{count, number}}.",
      date: "Since {{at, datetime}}",
      rich: "Read <b>all</b> of <i>{{what}}</i>",
    },
  },
  pl: { translation: { items_one: "{{count}} rzecz", items_few: "{{count}} rzeczy", items_many: "{{count}} rzeczy (wiele)", items_other: "{{count}} rzeczy (inne)" } },
};

function Page({ name }) {
  const { t, i18n } = useTranslation();
  return (
    <main lang={i18n.language}>
      <h1>{t("hello", { name })}</h1>
      <ul>{[0, 1, 2, 5, 22, 1.5].map((count) => <li key={count}>{t("items", { count })} / {t("items", { count, lng: "pl" })}</li>)}</ul>
      <p>{[1, 2, 3, 4, 11, 21].map((count) => t("place", { count, ordinal: true })).join(" ")}</p>
      <p>{t("price", { price: 1234.5, count: 1234567.891 })}</p>
      <p>{t("date", { at: new Date(Date.UTC(2024, 1, 29)), formatParams: { at: { timeZone: "UTC", dateStyle: "long" } } })}</p>
      <p><Trans i18nKey="rich" values={{ what: "it" }} components={{ b: <strong />, i: <em className="it" /> }} /></p>
    </main>
  );
}

export async function render({ title }) {
  const i18n = i18next.createInstance();
  await i18n.init({ lng: "en", fallbackLng: "en", resources, interpolation: { escapeValue: false } });
  return renderToString(<I18nextProvider i18n={i18n}><Page name={title} /></I18nextProvider>);
}
