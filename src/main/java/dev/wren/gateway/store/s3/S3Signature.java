package dev.wren.gateway.store.s3;

import dev.wren.protocol.Sha256;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;

/**
 * Signs URLs as AWS's Signature Version 4 has it for queries, with a payload that is not signed: what the SDK's signer
 * makes, byte for byte, in a tenth of the time. One is made for each invocation of a worker. Safe for use by several
 * threads.
 *
 * @see <a href="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html">AWS's description</a>
 */
final class S3Signature {

    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String MAC = "HmacSHA256";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
            .withZone(ZoneOffset.UTC);
    private static final int DATE = 8;
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    private final String region;
    private volatile DayKey last = new DayKey("", "", new byte[0]);

    S3Signature(String region) {
        this.region = region;
    }

    /** What all signatures of a day by one secret are made with. */
    @SuppressWarnings("ArrayRecordComponent")
    private record DayKey(String date, String secret, byte[] key) {
    }

    /**
     * The URL, signed.
     *
     * @param url without a query; its path has only characters that are not escaped
     */
    String sign(String method, URI url, AwsCredentialsIdentity by, Instant now, Duration valid) {
        String time = TIME.format(now);
        String date = time.substring(0, DATE);
        String scope = date + "/" + region + "/s3/aws4_request";
        StringBuilder query = new StringBuilder(512)
                .append("X-Amz-Algorithm=").append(ALGORITHM)
                .append("&X-Amz-Credential=").append(encode(by.accessKeyId() + "/" + scope))
                .append("&X-Amz-Date=").append(time)
                .append("&X-Amz-Expires=").append(valid.toSeconds());
        if (by instanceof AwsSessionCredentialsIdentity session) {
            query.append("&X-Amz-Security-Token=").append(encode(session.sessionToken()));
        }
        query.append("&X-Amz-SignedHeaders=host");
        String host = url.getPort() < 0 || isDefault(url) ? url.getHost() : url.getHost() + ":" + url.getPort();
        String canonical = method + "\n" + url.getRawPath() + "\n" + query + "\nhost:" + host
                + "\n\nhost\nUNSIGNED-PAYLOAD";
        String toSign = ALGORITHM + "\n" + time + "\n" + scope + "\n" + Sha256.hex(canonical);
        return url + "?" + query + "&X-Amz-Signature=" + Sha256.hex(hmac(key(date, by.secretAccessKey()), toSign));
    }

    /** Whether clients leave the port out of the host's name. */
    private static boolean isDefault(URI url) {
        return url.getPort() == (url.getScheme().equals("https") ? HTTPS : HTTP);
    }

    private byte[] key(String date, String secret) {
        DayKey known = last;
        if (!known.date.equals(date) || !known.secret.equals(secret)) {
            byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
            for (String part : new String[]{date, region, "s3", "aws4_request"}) {
                key = hmac(key, part);
            }
            known = new DayKey(date, secret, key);
            last = known;
        }
        return known.key;
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(key, MAC));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A")
                .replace("%7E", "~");
    }
}
