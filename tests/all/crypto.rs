//! Cryptography gives what Node gives, and what the standards say.

use std::process::Command;

use dayfly::Limit;
use dayfly_bundler::NoticeKind;

use crate::support::{App, artifact, assert_same_page, has, left_out, root, run};

#[test]
fn cryptography_does_as_node_does_and_as_the_standards_say() {
    let test = "cryptography_does_as_node_does_and_as_the_standards_say";
    let page = App::file("crypto.cjs").with(|limits| limits.cpu *= 40).render("{}").page();
    let wrong: Vec<&str> = page.lines().filter(|line| line.contains("which is not")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    if !has("node", &["--version"]) {
        return left_out(test, "node is not here");
    }
    let script = "require(process.argv[1]).render().then((page) => process.stdout.write(page))";
    let expected = run(Command::new("node").args(["-e", script]).arg(root().join("tests/apps/crypto.cjs")));
    assert_same_page("crypto.cjs", &page, &expected);
}

#[test]
fn signatures_over_curves_are_those_of_the_standard() {
    // Node draws what RFC 6979 derives: its signatures differ each time.
    let app = App::named(
        "app.mjs",
        r#"const bytes = (hex) => Uint8Array.fromHex(hex);
        export const render = async () => {
          const key = { kty: "EC", crv: "P-256" };
          for (const [name, hex] of Object.entries({
            d: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            x: "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
            y: "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
          })) key[name] = bytes(hex).toBase64({ alphabet: "base64url", omitPadding: true });
          const secret = await crypto.subtle.importKey("jwk", key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
          const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, secret, new TextEncoder().encode("sample"));
          return new Uint8Array(signature).toHex();
        }"#,
    );
    let expected = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                    f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
    assert_eq!(app.render("{}").page(), expected, "RFC 6979 A.2.5");
}

#[test]
fn an_algorithm_that_is_not_there_is_named() {
    let app = App::named(
        "app.mjs",
        "export const render = async () => {
           const seen = [];
           for (const run of [
             () => crypto.subtle.digest('SHA3-256', new Uint8Array()),
             () => crypto.subtle.generateKey('ML-DSA-44', true, ['sign']),
             () => crypto.subtle.importKey('raw', new Uint8Array(32), 'ChaCha20-Poly1305', true, ['encrypt']),
             () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'secp256k1' }, true, ['sign']),
           ]) await run().catch((error) => seen.push(`${error.name}: ${error.message}`));
           return seen.join('\\n');
         }",
    );
    let page = app.render("{}").page();
    let lines: Vec<&str> = page.lines().collect();
    for (line, name) in std::iter::zip(&lines, ["SHA3-256", "ML-DSA-44", "ChaCha20-Poly1305", "secp256k1"]) {
        assert!(line.starts_with("NotSupportedError: ") && line.contains(name), "{page}");
    }
    assert_eq!(lines.len(), 4, "{page}");
}

#[test]
fn a_key_that_is_not_to_be_extracted_shows_its_bytes_nowhere() {
    let app = App::named(
        "app.mjs",
        "import { inspect } from 'node:util';
         export const render = async () => {
           const key = await crypto.subtle.importKey('raw', new Uint8Array([222, 173, 190, 239]), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
           const seen = new Set();
           const look = (value) => {
             if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
             seen.add(value);
             for (const name of Reflect.ownKeys(value)) {
               const own = Object.getOwnPropertyDescriptor(value, name);
               look(own.value);
             }
           };
           look(key);
           const brand = key[Symbol.for('Deno.core.hostObject')]?.();
           look(brand);
           const found = [...seen].filter((value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer).length;
           key.usages.push('verify');
           const used = await crypto.subtle.verify('HMAC', key, new Uint8Array(1), new Uint8Array(1)).catch((error) => error.name);
           const forged = Object.create(CryptoKey.prototype, Object.getOwnPropertyDescriptors(key));
           let refused;
           await crypto.subtle.exportKey('raw', forged).catch((error) => { refused = error instanceof Error; });
           return [inspect(key), found, refused, used].join(' ');
         }",
    );
    assert_eq!(
        app.render("{}").page(),
        "CryptoKey {\n  type: 'secret',\n  extractable: false,\n  algorithm: { name: 'HMAC', length: 32, hash: { name: 'SHA-256' } },\n  \
         usages: [ 'sign', 'verify' ]\n} 0 true InvalidAccessError"
    );
}

#[test]
fn keys_that_the_top_level_makes_are_reported_and_those_of_renders_differ() {
    let app = artifact(
        "app.mjs",
        "const hash = await crypto.subtle.digest('SHA-256', new Uint8Array());
         const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
         const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
         const rsa = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
         const { privateKey } = await crypto.subtle.generateKey(rsa, true, ['sign']);
         const signature = await crypto.subtle.sign(rsa, privateKey, new Uint8Array());
         const hex = async (key) => new Uint8Array(await crypto.subtle.exportKey('raw', key)).toHex();
         export const render = async () => {
           const fresh = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
           return [await hex(key), await hex(fresh.publicKey)].join(' ');
         }",
    );
    let drawn: Vec<(&str, u32)> = app
        .notices
        .iter()
        .filter(|notice| notice.kind == NoticeKind::Random)
        .map(|notice| (&*notice.what, notice.at.as_ref().map_or(0, |at| at.line)))
        .collect();
    let [generated, signed] = ["crypto.subtle.generateKey()", "crypto.subtle.sign()"];
    assert_eq!(drawn, [(generated, 2), (generated, 3), (generated, 5), (signed, 6)]);
    let loaded = App::of(&app);
    let pages = [loaded.render("{}").page(), loaded.render("{}").page()];
    let [one, other] = pages.each_ref().map(|page| page.split_once(' ').unwrap());
    assert_eq!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[test]
fn a_key_that_takes_too_long_to_find_ends_at_the_limit() {
    let app = App::named(
        "app.mjs",
        "export const render = ({ run }) => run === 'rsa'
           ? crypto.subtle.generateKey({ name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 8192, publicExponent: new Uint8Array([1, 0, 1]) }, false, ['sign'])
           : crypto.subtle.importKey('raw', new Uint8Array(1), 'PBKDF2', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits(
               { name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(1), iterations: 4294967295 }, key, 512));",
    )
    .with(|limits| limits.fuel = Some(50_000_000));
    for run in ["rsa", "pbkdf2"] {
        assert_eq!(app.render(&format!(r#"{{"run":"{run}"}}"#)).exceeded(), Limit::Fuel, "{run}");
    }
}

#[test]
fn a_key_whose_numbers_are_wrong_is_refused_and_ends_no_render() {
    let app = App::named(
        "app.cjs",
        &(std::fs::read_to_string(root().join("tests/apps/crypto.cjs")).unwrap()
            + r#"
        const wrong = ["", "AA", "AQ", "Ag", "Aw", "_w", RSA.n.slice(0, -1) + "A", RSA.p, RSA.p.slice(0, 20), RSA.d + RSA.d];
        const algorithms = [["RSASSA-PKCS1-v1_5", "sign", "verify"], ["RSA-PSS", "sign", "verify"], ["RSA-OAEP", "decrypt", "encrypt"]];
        exports.render = async () => {
          const outcomes = {};
          for (const [member, jwk] of [...Object.keys(RSA).slice(1).map((name) => [name, RSA]), ["n", RSA_PUBLIC], ["e", RSA_PUBLIC]]) {
            for (const [index, value] of wrong.entries()) {
              const [name, secretly, openly] = algorithms[index % 3];
              const usage = jwk === RSA ? secretly : openly;
              const key = await subtle.importKey("jwk", { ...jwk, [member]: value }, { name, hash: "SHA-256" }, true, [usage]).catch((error) => error.name);
              const outcome = typeof key === "string" ? key : await (usage === "verify"
                ? subtle.verify({ name, saltLength: 4294967295 }, key, new Uint8Array(256), new Uint8Array(9))
                : subtle[usage]({ name, saltLength: 4294967295 }, key, new Uint8Array(usage === "decrypt" ? 256 : 9))).then((data) => data === false ? "false" : "made", (error) => error.name);
              outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
            }
          }
          return Object.keys(outcomes).sort().join(" ");
        };"#),
    )
    .with(|limits| limits.cpu *= 40);
    let page = app.render("{}").page();
    for outcome in page.split(' ') {
        assert!(["DataError", "OperationError", "false", "made"].contains(&outcome), "{page}");
    }
}
