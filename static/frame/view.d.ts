/**
 * What the payer door answers about one payment: `GET /v1/checkout/{token}` and both POSTs below it.
 * Amounts are whole minor units, times RFC 3339 in UTC. This file is read by editors and the type check only.
 */
export interface View {
  token: string;
  status: 'created' | 'pending' | 'authorized' | 'paid' | 'declined' | 'failed' | 'canceled' | 'expired';
  /** False: the provider was asked and its answer was lost. */
  outcome_known: boolean;
  /** True while the bridge is asking the provider. */
  asking: boolean;
  /** True while a cancel waits for the provider's word. */
  canceling: boolean;
  /** What the payer may be told when it has ended, null before; only `again` says that nothing was charged. */
  advice: 'again' | 'app' | 'page' | 'paid' | 'ask';
  method: string;
  amount: number;
  currency: string;
  amount_refunded: number;
  merchant: { name: string };
  order_reference: string;
  description: string | null;
  /** The server's clock when it answered. */
  now: string;
  expires_at: string | null;
  /** The message may be shown to the payer. */
  failure: { code: string; message: string } | null;
  matching_number: string | null;
  tries_left: number;
  /** What the payer fills in: `wallet_username`, `currency`, `reason`. */
  fields: string[];
  currencies: { code: string; amount: number }[] | null;
  reasons: { id: string; text: string }[] | null;
  /** The provider's own page for cards; framed where `embed` allows it. */
  page: { url: string; embed: boolean } | null;
  return_url: string | null;
  cancel_url: string | null;
}

/** What stands in the page itself. */
export interface Data {
  api: string;
  /** For numbers, and for the language of the answers. */
  locale: string;
  /** The shop's, on which the page may be embedded. */
  origins: string[];
  /** Of a checkout that is gone only the merchant and the ways back; empty where there is none. */
  view: View;
  /** Decimal places of currencies that have not two. */
  digits: Record<string, number>;
  /** Why there is nothing to see. */
  code: string | null;
  texts: Texts;
}

/** The script's part of a language, `i18n/<language>.json`: heading and body of each state, and sentences. */
export type Texts = Record<
  'reserved' | 'wallet_username' | 'refused' | 'tries' | 'reason' | 'confirm' | 'cancel' | 'left' | 'card' | 'auto' | 'continue'
  | 'back' | 'offline' | 'online' | 'trouble', string> & { states: Record<string, [heading: string, body?: string]>; advice: Record<string, string> };
