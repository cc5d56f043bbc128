// growing: host.settings.hooks
// to mend it: keep what is `host.settings.hooks` in a variable of the run's own, and off what is shared; if the runs are to have it in common, have the server make it, and take out of `host.settings.hooks` what the run has put in when it ends
// host: globalThis.host = { settings: {} };
// share: host
(host.settings.hooks ??= []).push(() => "page");
globalThis.render = () => "page";
