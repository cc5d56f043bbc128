// growing: Server.listeners
// to mend it: take back what was handed to new Server when the run ends
// written at: 7:3
// host: globalThis.Server = class Server { static listeners = []; constructor(listener) { Server.listeners.push(listener); } };
// share: Server
globalThis.render = () => {
  new Server(() => "page");
  return "page";
};
