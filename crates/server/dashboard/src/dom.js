// Elements. Whatever a tenant wrote goes in as text: nothing in the dashboard is ever parsed as markup.

/**
 * An element with attributes and children. A child that is no node becomes text; null and false are left out, as they are among
 * the attributes. An attribute `onclick` and the like is a listener, which the page's content security policy has no word in.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...shown(children));
  return element;
}

/** Puts children in place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren(...shown(children));
}

function shown(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Sets a text, if it is another one: what did not change is not read out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
