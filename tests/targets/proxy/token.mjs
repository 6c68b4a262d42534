// Prints an access token of the provider at ISSUER, by client credentials.
const { ISSUER, CLIENT_SECRET } = process.env;
const answer = await fetch(`${ISSUER}/token`, {
  method: 'POST',
  headers: {
    Authorization: `Basic ${btoa(`drill:${CLIENT_SECRET}`)}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  },
  body: 'grant_type=client_credentials&scope=orders:read',
});
if (!answer.ok) throw new Error(`status ${answer.status}: ${await answer.text()}`);
console.log((await answer.json()).access_token);
