// URLs that the native parser leaves to this one, by the package whatwg-url: it is exact, and slower. What that package asks of
// others is answered in `build.mjs` and below: it only parses here, and the class `URL` is Deno's.
import { implementation as URLRecord } from "whatwg-url/lib/URL-impl.js";

const { primordials } = globalThis.__bootstrap;
const { StringPrototypeToWellFormed } = primordials;

/** What stands for no port, as in src/web/url.rs. */
const NO_PORT = 65536;
/** Deno's numbers. */
const PARTS = ["hash", "host", "hostname", "password", "pathname", "port", "protocol", "search", "username"];

/** The URL's text, and then where its parts are; undefined if it is none. */
export function parseUrl(href, base) {
  const record = read(href, base);
  return record === undefined ? undefined : places(record);
}

/** The same with one part set. */
export function setUrl(href, part, value) {
  const record = read(href);
  if (record === undefined) return undefined;
  record[PARTS[part]] = StringPrototypeToWellFormed(value);
  return places(record);
}

function read(href, base) {
  try {
    return new URLRecord(globalThis, [StringPrototypeToWellFormed(href), base && StringPrototypeToWellFormed(base)]);
  } catch {
    return undefined;
  }
}

/** As the crate `url` tells them. */
function places(url) {
  const { username, password, host: address, path } = url._url;
  const { href, protocol, host, hostname, pathname, port } = url;
  const schemeEnd = protocol.length - 1;
  let at = schemeEnd + 1;
  const places = [href, schemeEnd];
  if (address === null) {
    // `/.` stands in front of a path that would read as a host.
    const isAmbiguous = typeof path !== "string" && path.length > 1 && path[0] === "";
    const pathStart = at + (isAmbiguous ? 2 : 0);
    places.push(at, pathStart, pathStart, NO_PORT, at = pathStart);
  } else {
    const usernameEnd = at + 2 + username.length;
    const isNamed = username !== "" || password !== "";
    const hostStart = usernameEnd + (password === "" ? 0 : password.length + 1) + (isNamed ? 1 : 0);
    at = hostStart + host.length;
    places.push(usernameEnd, hostStart, hostStart + hostname.length, port === "" ? NO_PORT : Number(port), at);
  }
  at += pathname.length;
  const queryStart = url._url.query === null ? 0 : at;
  if (queryStart !== 0) at += 1 + url._url.query.length;
  places.push(queryStart, url._url.fragment === null ? 0 : at);
  return places;
}
