// Words in the language of the page. The page brings them, but for English, in which the scripts are written.

const known = globalThis.recadoWords ?? {};
export const language = document.documentElement.lang || "en";
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

/** A number as the language writes it, with `decimals`. */
export const written = (number, decimals = 0) => number.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** The parts of translated words whose values are elements. */
export const around = (text, elements) => text.split(/%\((\w+)\)s/).map((part, at) => (at % 2 ? elements[part] : part));

const isOne = (num) => plural.select(num) === "one";

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole));
