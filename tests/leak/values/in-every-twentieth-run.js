// growing: host.list
// written at: 6:43
// host: globalThis.host = { list: [], served: 0 };
// share: host
globalThis.render = () => {
  if (++host.served % 20 === 0) host.list.push({ served: host.served });
  return "page";
};
