// An app that is wrong.
/// <reference path="./dayfly.d.ts" />

export default {
  fetch(request) {
    return request.url.length;
  },
} satisfies Dayfly.Handler;
