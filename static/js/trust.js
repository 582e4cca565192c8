// Pages ask for Trusted Types: text becomes markup through a policy or not at all.
// This one is htmx's. It lets the answers of our own server pass, and makes every
// script in them empty. It is joined to htmx.js, because htmx asks for it before
// a second file would be there.
(() => {
  const policy = globalThis.trustedTypes?.createPolicy("mayfly-htmx", {
    createHTML: (html) => html,
    createScript: () => "",
  });
  if (policy) htmx.registerExtension("mayfly-trust", { init: (api) => api.initSecurity(policy) });
})();
