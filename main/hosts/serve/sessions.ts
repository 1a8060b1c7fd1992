import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export type Exchange =
  /** The value of a Set-Cookie header. */
  | { readonly kind: 'new'; readonly cookie: string }
  | { readonly kind: 'used-up' }
  | { readonly kind: 'wrong' };

/** The secrets of one running server: a token for the link, which works once, and cookies for those who had it. */
export interface Sessions {
  /** The token that works now. */
  token(): string;
  exchange(token: string): Exchange;
  isValid(cookieHeader: string | undefined): boolean;
}

/** A token or session secret has 256 bits. */
const SECRET_BYTES = 32;

/** Browsers that have opened links of one server; the oldest makes place. */
const MOST_SESSIONS = 32;

export function createSessions(): Sessions {
  const instance = randomBytes(4).toString('hex');
  // cookies do not tell ports apart, so each server's has a name of its own
  const name = `paramscope-${instance}`;
  const secrets: Buffer[] = [];
  const usedTokens: Buffer[] = [];
  let token = newSecret();

  return {
    token: () => token,
    exchange: (given) => {
      const digest = digestOf(given);
      if (timingSafeEqual(digest, digestOf(token))) {
        const secret = newSecret();
        secrets.push(digestOf(secret));
        if (secrets.length > MOST_SESSIONS) secrets.shift();
        usedTokens.push(digest);
        if (usedTokens.length > MOST_SESSIONS) usedTokens.shift();
        token = newSecret();
        return { kind: 'new', cookie: `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict` };
      }
      return { kind: usedTokens.some((used) => timingSafeEqual(used, digest)) ? 'used-up' : 'wrong' };
    },
    isValid: (cookieHeader) => {
      const value = cookieValue(cookieHeader, name);
      if (value === undefined) return false;
      const digest = digestOf(value);
      return secrets.some((secret) => timingSafeEqual(secret, digest));
    },
  };
}

const newSecret = () => randomBytes(SECRET_BYTES).toString('hex');

/** Of one length whatever was given, as comparing in constant time wants. */
const digestOf = (text: string) => createHash('sha256').update(text).digest();

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals >= 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}
