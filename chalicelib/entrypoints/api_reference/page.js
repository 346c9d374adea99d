"use strict";

// Shows the document that the address names, as in "docs?messente"; without a name, the first.
const links = [...document.querySelectorAll("nav a")];
const shown = links.find((link) => link.search === location.search) || links[0];
const url = new URL(shown.dataset.document, location.href).href;
shown.setAttribute("aria-current", "page");
document.title = `${shown.textContent} - ${document.title}`;

// Swagger UI only knows the schemes Basic and Bearer: of others, people write the whole header.
function readyToTry(api) {
  for (const way of Object.values(api.components.securitySchemes)) {
    if (way.type === "http" && !["basic", "bearer"].includes(way.scheme.toLowerCase())) {
      const description = `The whole header: ${way.scheme} username.secret`;
      Object.assign(way, { type: "apiKey", in: "header", name: "Authorization", description });
    }
  }
  for (const server of api.servers) {
    server.url = new URL(server.url, url).href.replace(/\/$/, "");
  }
  return api;
}

SwaggerUIBundle({
  url,
  dom_id: "#document",
  deepLinking: true,
  // Otherwise the address of each document would be sent to a service of others, to be checked.
  validatorUrl: null,
  tryItOutEnabled: true,
  responseInterceptor: (response) => {
    if (response.url === url && response.ok) {
      response.text = JSON.stringify(readyToTry(JSON.parse(response.text)));
    }
    return response;
  },
});
