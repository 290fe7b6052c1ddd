<?php
// A shop over the HTTP stack that Shopware uses: one JSON command per line in, one JSON answer per line out.
// Queries are built, bodies encoded and answers checked as Shopware's core does it (Shopware sheet, section 7.3).
declare(strict_types=1);

require '/usr/share/php/GuzzleHttp/autoload.php';

use GuzzleHttp\Client;
use GuzzleHttp\Exception\GuzzleException;
use GuzzleHttp\HandlerStack;
use GuzzleHttp\Middleware;
use GuzzleHttp\Psr7\Request;
use GuzzleHttp\Psr7\Uri;
use Psr\Http\Message\ResponseInterface;

function sign(string $text, string $secret): string
{
    return hash_hmac('sha256', $text, $secret);
}

/** Refuses an answer that is not signed by the secret, as the core's middleware does; 401 fails by its status. */
function client(?string $secret): Client
{
    $stack = HandlerStack::create();
    if ($secret !== null) {
        $stack->push(Middleware::mapResponse(static function (ResponseInterface $response) use ($secret): ResponseInterface {
            if ($response->getStatusCode() === 401) {
                return $response;
            }
            $body = $response->getBody()->getContents();
            $response->getBody()->rewind();
            if (!hash_equals(sign($body, $secret), $response->getHeaderLine('shopware-app-signature'))) {
                throw new RuntimeException('Could not verify the authenticity of the response');
            }

            return $response;
        }));
    }

    return new Client(['handler' => $stack, 'timeout' => 20, 'connect_timeout' => 1, 'http_errors' => false, 'proxy' => '']);
}

function answer(ResponseInterface $response): array
{
    $body = (string) $response->getBody();

    return ['status' => $response->getStatusCode(), 'body' => $body === '' ? null : json_decode($body, true), 'length' => strlen($body)];
}

function register(array $said): array
{
    $uri = Uri::withQueryValues(new Uri($said['url']), [
        'shop-id' => $said['shopId'], 'shop-url' => $said['shopUrl'], 'timestamp' => (string) $said['timestamp'],
    ]);
    $headers = ['shopware-app-signature' => sign($uri->getQuery(), $said['appSecret']), 'sw-version' => $said['version']];
    if (isset($said['secret'])) {
        $headers['shopware-shop-signature'] = sign($uri->getQuery(), $said['secret']);
    }
    $found = answer(client(null)->send(new Request('GET', $uri, $headers)));
    $proof = sign($said['shopId'] . $said['shopUrl'] . $said['appName'], $said['appSecret']);

    return $found + ['proven' => hash_equals($proof, $found['body']['proof'] ?? '')];
}

function confirm(array $said): array
{
    $body = json_encode([
        'apiKey' => $said['apiKey'], 'secretKey' => $said['apiSecret'], 'timestamp' => (string) $said['timestamp'],
        'shopUrl' => $said['shopUrl'], 'shopId' => $said['shopId'],
    ], JSON_THROW_ON_ERROR);
    $headers = ['Content-Type' => 'application/json', 'shopware-shop-signature' => sign($body, $said['newSecret'])];
    if (isset($said['secret'])) {
        $headers['shopware-shop-signature-previous'] = sign($body, $said['secret']);
    }

    return answer(client(null)->send(new Request('POST', $said['url'], $headers, $body)));
}

function post(array $said): array
{
    // The amount travels as PHP's own float, so that its way of writing numbers is what is read.
    if (isset($said['amount'])) {
        $said['body'] = with_amount($said['body'], (float) $said['amount']);
    }
    $body = json_encode($said['body'], JSON_THROW_ON_ERROR);
    $headers = ['Content-Type' => 'application/json', 'shopware-shop-signature' => sign($body, $said['secret']), 'sw-version' => $said['version'], 'sw-user-language' => 'de-DE'];

    return answer(client($said['secret'])->send(new Request('POST', $said['url'], $headers, $body)));
}

function with_amount(array $body, float $amount): array
{
    if (isset($body['refund'])) {
        $body['refund']['amount']['totalPrice'] = $amount;
    } else {
        $body['orderTransaction']['amount']['totalPrice'] = $amount;
    }

    return $body;
}

while (($line = fgets(STDIN)) !== false) {
    $said = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    try {
        $found = match ($said['op']) {
            'register' => register($said), 'confirm' => confirm($said), 'post' => post($said),
        };
    } catch (GuzzleException | RuntimeException $error) {
        $found = ['error' => $error->getMessage()];
    }
    fwrite(STDOUT, json_encode($found, JSON_THROW_ON_ERROR) . "\n");
}
