// Words in the language of the page. The page brings them, but for English, in which the scripts are written.

const known = globalThis.recadoWords ?? {};
const language = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);

/** The words with their values: `_("Replies to %(name)s", { name })`. */
export const _ = (text, values = {}) => filled(known[text] || text, values);

/** The singular or the plural by `num`, which is a value of its own. */
export function ngettext(one, many, num, values = {}) {
  const forms = known[one] ?? [one, many];
  const said = forms[isOne(num) ? 0 : 1] || many;
  const isInWords = num !== 1 && !said.includes("%(num)s"); // Portuguese says 0 in the singular
  return filled(isInWords ? forms[1] || many : said, { num: num.toLocaleString(language), ...values });
}

const isOne = (num) => plural.select(num) === "one";

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole));
