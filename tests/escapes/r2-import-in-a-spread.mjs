// CVE-2023-39532 (GHSA-9c4h-3f7h-322r), SES: `{...import(x)}` went past what looks for `import(` in a source.
const attacks = {
  "in each place of a program": {
    ends: ["ok"],
    async run() {
      const got = [];
      const forms = [
        "({...import(x)})", "[...[import(x)]][0]", "import/**/(x)", "import\n(x)", "(async()=>await import(x))()",
        "`${import(x)}`", "new (class{a=import(x)})().a", "import(/* ) */x)", "(a=import(x))=>a", "im\\u0070ort(x)",
        "import.source?.(x)", "import(x,{with:{type:'json'}})", "eval('import(x)')",
      ];
      for (const form of forms) {
        try {
          globalThis.x = "file:///etc/hostname";
          let made = await (0, eval)(form);
          if (typeof made === "function") made = await made();
          got.push(made);
          if (made?.default !== undefined) return `${form} gave a module`;
        } catch (error) {
          got.push(error.name);
        } finally {
          delete globalThis.x;
        }
      }
      return probe(...got);
    },
  },
};
