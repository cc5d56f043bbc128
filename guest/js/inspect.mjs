// What is changed in the package node-inspect-extracted, which is Node's `inspect`: it asks the engine of this runtime what it
// asks its own, and its work is bounded.

/** How many properties of one object are shown, and of which length on an array's other keys are not looked for. */
const MOST_PROPERTIES = 1000;
const MOST_ELEMENTS = 10000;
/** The characters beyond which nested objects are only named, and for a console no more items are shown. */
const MOST_TEXT = 2 ** 18;
/** What an item counts beside its text: showing one takes time, however short it is. */
const ITEM = 32;
/** How much of a key is shown. */
const MOST_KEY = 10000;
/** How many times the length of a line a text is whose width is not looked for: it is wider than a column. */
const WIDE = 16;

/** What is to be looked at closer before it is between quotation marks of one kind or another, and what may be of another width. */
const PLAIN = /[\x00-\x1f'\\\x7f-\x9f\ud800-\udfff]/;
const UNQUOTED = /[\x00-\x1f\\\x7f-\x9f\ud800-\udfff]/;
const ASCII = /[^ -~]/;

/** The package's text with its changes; `replace` checks that what it replaces is there. */
export function changed(text, replace, file) {
  const native = "globalThis.__bootstrap.native";
  const is = (...classes) => `(of=>t=>${JSON.stringify(classes)}.includes(of(t)))(${native}.classOf)`;
  const count = (into) => `t.used+=${into}[${into}.length-1].length+${ITEM}`;
  const changes = [
    ["getProxyDetails:y.getProxyDetails", `getProxyDetails:${native}.proxyDetails`],
    ["getPromiseDetails:()=>[g,void 0]", `getPromiseDetails:${native}.promiseDetails`],
    // With the kind of the entries only if it is asked for.
    ["previewEntries:t=>[[],!1]", `previewEntries:(of=>(t,e)=>e?of(t):of(t)[0])(${native}.previewEntries)`],
    ['kPending:g,kRejected:h,', "kPending:0,kRejected:2,"],
    // By the class of a function, and not by its text, of which the package makes nothing here.
    ['isAsyncFunction:t=>"function"==typeof t&&a.toString.call(t).startsWith("async")', `isAsyncFunction:(of=>t=>/^Async/.test(of(t)))(${native}.classOf)`],
    [
      'isGeneratorFunction:t=>"function"==typeof t&&a.toString.call(t).match(/^(async\\s+)?function *\\*/)',
      `isGeneratorFunction:(of=>t=>/GeneratorFunction$/.test(of(t)))(${native}.classOf)`,
    ],
    // By what an object is, and not by what it inherits from or is called.
    ['isMapIterator:t=>"[object Map Iterator]"===d.toString.call(g(t))', `isMapIterator:${is("Map Iterator")}`],
    ['isSetIterator:t=>"[object Set Iterator]"===d.toString.call(g(t))', `isSetIterator:${is("Set Iterator")}`],
    ['isAnyArrayBuffer:t=>A(t,"ArrayBuffer","SharedArrayBuffer")', `isAnyArrayBuffer:${is("ArrayBuffer", "SharedArrayBuffer")}`],
    ['isArrayBuffer:t=>A(t,"ArrayBuffer")', `isArrayBuffer:${is("ArrayBuffer")}`],
    ['isDataView:t=>A(t,"DataView")', `isDataView:${is("DataView")}`],
    ['isPromise:t=>A(t,"Promise")', `isPromise:${is("Promise")}`],
    ['isWeakMap:t=>A(t,"WeakMap")', `isWeakMap:${is("WeakMap")}`],
    ['isWeakSet:t=>A(t,"WeakSet")', `isWeakSet:${is("WeakSet")}`],
    ['isRegExp:t=>A(t,"RegExp")', `isRegExp:${is("RegExp")}`],
    [
      'isTypedArray:t=>A(t,"Int8Array","Uint8Array","Uint8ClampedArray","Int16Array","Uint16Array","Int32Array","Uint32Array","Float32Array","Float64Array","BigInt64Array","BigUint64Array")',
      `isTypedArray:((of,is)=>t=>is(t)&&"DataView"!==of(t))(${native}.classOf,ArrayBuffer.isView)`,
    ],
    // A stack begins with what the error is called and says now, as V8's does when it is first read.
    ['if("string"==typeof n)return n;t.seen.push(e)', 'if("string"==typeof n)return withHeadline(e,n);t.seen.push(e)'],
    // As Node 20 and 22.
    ['s=t.stylize(e,"symbol")}', 's=t.stylize(e,"symbol"),!1!==i.enumerable&&(s=`[${s}]`)}'],
    ["{ [byteLength]: ${", "{ byteLength: ${"],
    ['`${t.stylize(`[${r}]`,"string")}: ${i}`', '`${an(e)?t.stylize(`[${r}]`,"string"):r}: ${i}`'],
    ["const Wn=Nn.styles.regexp.colors.slice();", 'const Wn=Nn.styles.regexp.colors.slice();Nn.styles.regexp="red";'],
    ["if(0!==s)for(let e=0;e<s;e++)u=", "if(!1)for(let e=0;e<s;e++)u="],
    // One pass of the engine over what has nothing in it to escape, and to whose length nothing has to be added for its width.
    ["t.length<5e3&&null===It(e,t))", "null===It(39===r?PLAIN:UNQUOTED,t)||t.length<5e3&&null===It(e,t))"],
    ["Mn=function(e,n=!0){", "Mn=function(e,n=!0){if(null===It(ASCII,e))return e.length;"],
    // As a split at a place without text, for which the engine looks at one place after the other.
    ["d(zt(/(?<=\\n)/,e),", 'd(f(d(oe(e,"\\n"),(t,e,n)=>e<n.length-1?t+"\\n":t),t=>""!==t),'],
    // No widths of what does not fit into columns.
    [
      "const n=Mn(e[i],t.colors);c[i]=n,r+=n+2,o<n&&(o=n)}",
      `if(e[i].length>${WIDE}*t.breakLength)return e;` +
        "const n=Mn(e[i],t.colors);if(c[i]=n,r+=n+2,o<n&&(o=n,3*(o+2)+t.indentationLvl>=t.breakLength))return e}",
    ],
    [
      /getOwnNonIndexProperties:function\(t,e=2\)\{.*?return r\}/,
      `getOwnNonIndexProperties:(t,e)=>t.length>${MOST_ELEMENTS}?[]:otherKeys(t,2===e)`,
    ],
    ["T>2**27", `T>${MOST_TEXT}`],
    // What was written of items so far: a console begins at 0, and for others it stays below any bound.
    ["const n={budget:{},", "const n={used:-1/0,budget:{},"],
    ['$t(_n,o)||"stylize"===o?', '$t(_n,o)||"stylize"===o||"used"===o?'],
    [
      "for(p=0;p<l.length;p++)b(R,Er(t,e,o,l[p],L));",
      `for(p=0;p<l.length&&p<${MOST_PROPERTIES}&&t.used<${MOST_TEXT};p++)b(R,Er(t,e,o,l[p],L)),${count("R")};` +
        'if(l.length>p)b(R,"... "+(l.length-p)+" more properties");',
    ],
    [
      "for(let r=0;r<o;r++){const i=pt(e,r);if(void 0===i)return gr(t,e,n,o,l,r);b(l,Er(t,e,n,r,1,i))}",
      `for(let r=0;r<o;r++){if(t.used>${MOST_TEXT})return b(l,ar(e.length-r)),l;` +
        `const i=pt(e,r);if(void 0===i)return gr(t,e,n,o,l,r);b(l,Er(t,e,n,r,1,i)),${count("l")}}`,
    ],
    ["for(;i<l.length&&o.length<r;i++){", `for(;i<l.length&&o.length<r;i++){if(t.used>${MOST_TEXT}){r=o.length;break}`],
    ["b(o,Er(t,e,n,c,1)),s++", `b(o,Er(t,e,n,c,1)),${count("o")},s++`],
    [
      "if(c>=i)break;b(s,nr(e,n,r)),c++}return l>0&&b(s,ar(l)),",
      `if(c>=i||e.used>${MOST_TEXT})break;b(s,nr(e,n,r)),e.used+=s[c].length+${ITEM},c++}return o>c&&b(s,ar(o-c)),`,
    ],
    [
      "if(c>=i)break;b(s,`${nr(e,n,r)} => ${nr(e,o,r)}`),c++}return l>0&&b(s,ar(l)),",
      `if(c>=i||e.used>${MOST_TEXT})break;b(s,\`\${nr(e,n,r)} => \${nr(e,o,r)}\`),e.used+=s[c].length+${ITEM},c++}return t.size>c&&b(s,ar(t.size-c)),`,
    ],
    [
      'if(1===o)return c;if("symbol"==typeof r){const e=jt(On,ae(r),Un)',
      `if(1===o)return c;"string"==typeof r&&r.length>${MOST_KEY}&&(r=re(r,0,${MOST_KEY})+"…");` +
        `if("symbol"==typeof r){const e=jt(On,re(ae(r),0,${MOST_KEY}),Un)`,
    ],
  ];
  const patterns = `const PLAIN=${PLAIN},UNQUOTED=${UNQUOTED},ASCII=${ASCII};`;
  return `${patterns}\n${withHeadline}\n${otherKeys}\n${changes.reduce((text, [from, to]) => replace(text, from, to, file), text)}`;
}

/** The stack with the headline that V8 would have put together by now: QuickJS makes it with the error. */
function withHeadline(error, stack) {
  let name, message, inherited;
  try {
    ({ name, message } = error);
    inherited = Object.getPrototypeOf(error)?.name;
  } catch {
    return stack;
  }
  if (typeof name !== "string" || typeof message !== "string") return stack;
  const lines = (name) => message === "" ? name : name === "" ? message : `${name}: ${message}`;
  // What the engine made is no property of the error's own; what Error.captureStackTrace made is, as what code has set.
  const made = [lines(inherited), lines(name), "Error"].find((line) => stack === line || stack.startsWith(`${line}\n    at `));
  if (made !== undefined) return lines(name) + stack.slice(made.length);
  if (Object.hasOwn(error, "stack")) return stack;
  const frames = stack.startsWith("    at ") ? 0 : stack.indexOf("\n    at ") + 1;
  return frames > 0 || stack.startsWith("    at ") ? `${lines(name)}\n${stack.slice(frames)}` : stack;
}

/** An array's keys that are no indexes, which come before them: it is not asked for each of those. */
function otherKeys(array, isEnumerable) {
  const names = isEnumerable ? Object.keys(array) : Object.getOwnPropertyNames(array);
  const isIndex = (name) => `${name >>> 0}` === name && name !== "4294967295";
  const symbols = Object.getOwnPropertySymbols(array)
    .filter((symbol) => !isEnumerable || Object.prototype.propertyIsEnumerable.call(array, symbol));
  return [...names.slice(names.findLastIndex(isIndex) + 1), ...symbols];
}
