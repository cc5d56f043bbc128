// growing: host.list
// written at: 6:38
// host: globalThis.host = { list: [], served: 0 };
// share: host
globalThis.render = () => {
  if (++host.served >= 30) host.list.push({ served: host.served });
  return "page";
};
