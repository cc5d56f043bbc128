// clean
const nativeError = console.error;
console.error = "AlloyTeam";
globalThis.render = () => "page";
