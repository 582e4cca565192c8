// What htmx needs to know of a strict CSP. It is joined to htmx.js, because htmx
// begins before a second file would be there.
(() => {
  // Text becomes markup through a policy (Trusted Types) or not at all. This one
  // lets the answers of our own server pass, and empties every script in them.
  const policy = globalThis.trustedTypes?.createPolicy("mayfly-htmx", {
    createHTML: (html) => html,
    createScript: () => "",
  });
  if (policy) htmx.registerExtension("mayfly-strict", { init: (api) => api.initSecurity(policy) });
  // Between two states htmx would copy style attributes, which the CSP forbids.
  htmx.config.defaultSettleDelay = 0;
})();
