// A badge, as a classic script: what a bundler writes as an IIFE, and what pages that are older than modules have.
//
//     echo '{ "label": "mayflies", "value": 12 }' | dayfly render examples/badge.js --props -
(function () {
  "use strict";

  // Wide enough for a sans-serif of 11 pixels.
  var width = function (text) {
    return Math.ceil(String(text).length * 6.5) + 10;
  };

  var escape = function (text) {
    return String(text).replace(/[&<>"]/g, function (character) {
      return "&#" + character.charCodeAt(0) + ";";
    });
  };

  function box(text, x, colour) {
    var middle = x + width(text) / 2;
    return (
      '<rect x="' + x + '" width="' + width(text) + '" height="20" fill="' + colour + '"/>' +
      '<text x="' + middle + '" y="14" fill="white" text-anchor="middle">' + escape(text) + "</text>"
    );
  }

  globalThis.render = function (props) {
    var label = props.label || "renders";
    var value = props.value === undefined ? "none yet" : props.value;
    var whole = width(label) + width(value);
    return (
      '<svg xmlns="http://www.w3.org/2000/svg" width="' + whole + '" height="20" font-family="sans-serif" font-size="11">' +
      box(label, 0, "#444") + box(value, width(label), "#07c") + "</svg>\n"
    );
  };
})();
