<?php

namespace PaymentBridge\Core;

/**
 * The bridge's API, as a shop calls it: a deadline on every call, the same key and bytes on every repeat.
 *
 * Every method returns the decoded JSON object. Every method may throw ApiException (the bridge refused, or the request
 * cannot be written: UnsendableException; nothing was done), NotSentException (it never arrived) or NoAnswerException (it
 * may have been done: repeat with the same key and body only, at once or after days). Amounts are whole minor units.
 */
class Client
{
    public const CONNECT = 5; // seconds
    public const DEADLINE = 20; // seconds for all tries together
    public const SHORT = 6; // the same where a customer waits for a page; a healthy bridge answers within 2
    public const LARGEST = 1048576; // bytes of an answer
    public const DEEPEST = 32;
    public const ALLOWED = ['scheme' => 1, 'host' => 1, 'port' => 1, 'path' => 1]; // parts of the bridge's address
    public const PAUSES = [0, 300000, 1000000]; // microseconds before the first, second and third try
    public const SURELY_NOT_SENT = [
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, 60,
    ]; // 60: the certificate is not trusted; its constant's name changed between versions of curl

    /** @var string */
    private $baseUrl;

    /** @var string */
    private $apiKey;

    /** @var string */
    private $userAgent;

    /** @var float */
    private $deadline;

    /** @var bool whether the last answer had a Retry-After: a 409 with one says that the first request still runs */
    private $running = false;

    /**
     * Take the bridge's address, the shop's API key, and who asks ("Magento/2.4.7 payment-bridge/0.1.0").
     *
     * @param string $baseUrl https, or http on this machine only
     * @param string $apiKey
     * @param string $userAgent
     * @param float $deadline seconds for a whole call, repeats included
     */
    public function __construct($baseUrl, $apiKey, $userAgent = 'shop', $deadline = self::DEADLINE)
    {
        $this->baseUrl = self::address($baseUrl);
        if (!is_string($apiKey) || !preg_match('/\A[\x21-\x7e]{8,200}\z/', $apiKey)) {
            throw new \InvalidArgumentException('The API key is missing or malformed.');
        }
        $this->apiKey = $apiKey;
        $this->userAgent = preg_replace('/[^\x20-\x7e]/', '', $userAgent) . ' php/' . PHP_VERSION;
        $this->deadline = (float) $deadline;
    }

    /**
     * Keep the API key out of var_dump and of traces.
     *
     * @return array<string, string>
     */
    public function __debugInfo()
    {
        return ['baseUrl' => $this->baseUrl, 'apiKey' => Redactor::GONE];
    }

    /**
     * Return the address without a slash at its end; throw InvalidArgumentException if it may not be called.
     *
     * @param string $url
     * @return string
     */
    public static function address($url)
    {
        $part = is_string($url) && !preg_match('/[\x00-\x20\x7f\\\\]/', $url) ? parse_url($url) : false;
        if (!$part || !isset($part['scheme'], $part['host']) || array_diff_key($part, self::ALLOWED)) {
            throw new \InvalidArgumentException('The address of the bridge is https://host, without user, query or #.');
        }
        $scheme = strtolower($part['scheme']);
        $loopback = in_array(strtolower($part['host']), ['127.0.0.1', 'localhost', '[::1]'], true);
        if ($scheme !== 'https' && !($scheme === 'http' && $loopback)) {
            throw new \InvalidArgumentException('The address of the bridge begins with https; http is for this host.');
        }
        return rtrim($url, '/');
    }

    /**
     * Tell whether a text can be sent as an idempotency key: 1 to 255 printable letters, no blank, quote or backslash.
     *
     * @param mixed $key
     * @return bool
     */
    public static function isKey($key)
    {
        return is_string($key) && preg_match('/\A[\x21\x23-\x5b\x5d-\x7e]{1,255}\z/', $key) === 1;
    }

    /** Ask for an order's payment; the answer's `status` says what became of the money. */
    public function createPayment(array $body, $key)
    {
        return $this->post('/v1/payments', $body, $key);
    }

    /** Return one payment as it is now. */
    public function payment($id)
    {
        return $this->get('/v1/payments/' . rawurlencode($id));
    }

    /** Return payments by `order_reference`, `status` and so on: {data, next_cursor}. */
    public function payments(array $filter)
    {
        return $this->get('/v1/payments', $filter);
    }

    /** Refund part or all; without an `amount` all that is left. */
    public function refund($paymentId, array $body, $key)
    {
        return $this->post('/v1/payments/' . rawurlencode($paymentId) . '/refunds', $body, $key);
    }

    /** Return a payment's refunds: {data, next_cursor}. */
    public function refunds($paymentId, $cursor = null)
    {
        $page = ['limit' => '100'] + ($cursor === null ? [] : ['cursor' => $cursor]);
        return $this->get('/v1/payments/' . rawurlencode($paymentId) . '/refunds', $page);
    }

    /** Return one refund. */
    public function oneRefund($refundId)
    {
        return $this->get('/v1/refunds/' . rawurlencode($refundId));
    }

    /** Take part or all of what is authorized. */
    public function capture($paymentId, array $body, $key)
    {
        return $this->post('/v1/payments/' . rawurlencode($paymentId) . '/captures', $body, $key);
    }

    /** Give up an unfinished payment, or release an authorization. */
    public function cancel($paymentId, $key)
    {
        return $this->post('/v1/payments/' . rawurlencode($paymentId) . '/cancel', [], $key);
    }

    /** Have the bridge ask the provider now. */
    public function sync($paymentId)
    {
        return $this->post('/v1/payments/' . rawurlencode($paymentId) . '/sync', [], null);
    }

    /** Return what happened to a payment, in order. */
    public function paymentEvents($paymentId)
    {
        return $this->get('/v1/payments/' . rawurlencode($paymentId) . '/events');
    }

    /** Return the notifications after one that is known, oldest first: for a shop that was down. */
    public function events($after = null)
    {
        return $this->get('/v1/events', $after === null ? [] : ['after' => $after]);
    }

    /** Return what may be offered for an amount in minor units. */
    public function methods($amount, $currency)
    {
        return $this->get('/v1/methods', ['amount' => (string) $amount, 'currency' => $currency]);
    }

    /** Return who we are: merchant, shop, platform, mode. */
    public function shop()
    {
        return $this->get('/v1/shop');
    }

    /** Have a signed `shop.test` notification sent, and return what the shop answered to it. */
    public function testNotification()
    {
        return $this->post('/v1/shop/test-notification', [], null);
    }

    private function get($path, array $query = [])
    {
        $tail = $query ? '?' . http_build_query($query, '', '&', PHP_QUERY_RFC3986) : '';
        return $this->persist('GET', $path . $tail);
    }

    private function post($path, array $body, $key)
    {
        if ($key !== null && !self::isKey($key)) {
            throw new UnsendableException('idempotency_key_not_possible', 'An idempotency key is 1 to 255 printable letters.');
        }
        $json = json_encode($body === [] ? new \stdClass() : $body, JSON_UNESCAPED_SLASHES);
        if ($json === false) {
            throw new UnsendableException('body_not_possible', 'The request is no JSON: ' . json_last_error_msg());
        }
        return $this->persist('POST', $path, $json, $key);
    }

    private function persist($verb, $path, $json = null, $key = null)
    {
        $end = microtime(true) + $this->deadline;
        $maybeDone = false;
        $last = 'no answer';
        foreach (static::PAUSES as $pause) {
            $left = $end - microtime(true) - $pause / 1000000;
            if ($left <= 0.05) {
                break;
            }
            usleep($pause);
            list($errno, $status, $body) = $this->send($verb, $path, $json, $key, $left);
            if ($errno === 0 && !$this->isToBeRepeated($status)) {
                $answer = $this->decode($status, $body);
                if ($answer !== null) {
                    return $answer;
                }
            }
            $maybeDone = $maybeDone || !in_array($errno, self::SURELY_NOT_SENT, true);
            $last = $errno === 0 ? "an answer of no use, HTTP $status" : 'curl error ' . $errno;
        }
        // The path is told without its query, which may name a customer.
        $words = sprintf('No answer from the bridge to %s %s: %s', $verb, strtok($path, '?'), $last);
        throw $maybeDone ? new NoAnswerException($words) : new NotSentException($words);
    }

    private function isToBeRepeated($status)
    {
        return $status >= 500 || $status === 429 || ($status === 409 && $this->running);
    }

    private function decode($status, $body)
    {
        $document = json_decode($body, true, self::DEEPEST);
        if ($status >= 200 && $status < 300) {
            return is_array($document) ? $document : null;
        }
        if ($status >= 400) {
            throw new ApiException($status, is_array($document) ? $document : []);
        }
        return null; // a redirect is not followed: the API never sends one
    }

    private function send($verb, $path, $json, $key, $seconds)
    {
        $body = '';
        $this->running = false;
        $handle = curl_init();
        curl_setopt_array($handle, [
            CURLOPT_URL => $this->baseUrl . $path,
            CURLOPT_CUSTOMREQUEST => $verb,
            CURLOPT_HTTPHEADER => $this->headers($json, $key),
            CURLOPT_USERAGENT => $this->userAgent,
            CURLOPT_CONNECTTIMEOUT_MS => (int) min(self::CONNECT * 1000, ceil($seconds * 1000)),
            CURLOPT_TIMEOUT_MS => (int) ceil($seconds * 1000),
            CURLOPT_NOSIGNAL => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTPS | CURLPROTO_HTTP,
            CURLOPT_NETRC => false, // a .netrc entry would replace the API key
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_HEADERFUNCTION => function ($handle, $line) {
                $this->running = $this->running || stripos($line, 'retry-after:') === 0;
                return strlen($line);
            },
            CURLOPT_WRITEFUNCTION => static function ($handle, $bytes) use (&$body) {
                $body .= $bytes;
                return strlen($body) > self::LARGEST ? -1 : strlen($bytes);
            },
        ]);
        if ($json !== null) {
            curl_setopt($handle, CURLOPT_POSTFIELDS, $json);
        }
        curl_exec($handle);
        $result = [curl_errno($handle), (int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE), $body];
        unset($handle);
        return $result;
    }

    private function headers($json, $key)
    {
        $headers = ['Authorization: Bearer ' . $this->apiKey, 'Accept: application/json', 'Expect:'];
        if ($json !== null) {
            $headers[] = 'Content-Type: application/json';
        }
        if ($key !== null) {
            $headers[] = 'Idempotency-Key: "' . $key . '"';
        }
        return $headers;
    }
}
