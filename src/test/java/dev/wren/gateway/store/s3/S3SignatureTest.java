package dev.wren.gateway.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Beside the SDK's own signer; that real servers take them is seen where links are used. */
class S3SignatureTest {

    private static String bySdk(SdkHttpMethod method, String url, AwsCredentialsIdentity by, Instant now,
            Duration valid) {
        return AwsV4HttpSigner.create().sign(sign -> sign.identity(by)
                .request(SdkHttpRequest.builder().method(method).uri(URI.create(url)).build())
                .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, "s3")
                .putProperty(AwsV4HttpSigner.REGION_NAME, "eu-central-1")
                .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, Clock.fixed(now, ZoneOffset.UTC))
                .putProperty(AwsV4FamilyHttpSigner.AUTH_LOCATION, AwsV4FamilyHttpSigner.AuthLocation.QUERY_STRING)
                .putProperty(AwsV4FamilyHttpSigner.EXPIRATION_DURATION, valid)
                .putProperty(AwsV4FamilyHttpSigner.DOUBLE_URL_ENCODE, false)
                .putProperty(AwsV4FamilyHttpSigner.NORMALIZE_PATH, false)
                .putProperty(AwsV4FamilyHttpSigner.PAYLOAD_SIGNING_ENABLED, false)).request().getUri().getRawQuery();
    }

    @Test
    void they_are_those_of_the_sdk() {
        S3Signature signature = new S3Signature("eu-central-1");
        for (AwsCredentialsIdentity by : List.of(AwsBasicCredentials.create("AKID/+=", "secret"),
                AwsBasicCredentials.create("AKID", "another"),
                AwsSessionCredentials.create("ASIA", "secret", "to+ken/with=all* ~%"))) {
            for (Instant now : List.of(Instant.parse("2026-01-31T23:59:59.999Z"),
                    Instant.parse("2026-02-01T00:00:00Z"))) {
                for (String url : List.of(
                        "https://bucket.s3.eu-central-1.amazonaws.com/default/callsets/x_.-1/overflow/12",
                        "http://127.0.0.1:9000/bucket/a", "https://localhost:443/b/c")) {
                    String signed = signature.sign("PUT", URI.create(url), by, now, Duration.ofMinutes(20));
                    assertThat(signed).startsWith(url + "?");
                    assertThat(List.of(URI.create(signed).getRawQuery().split("&"))).containsExactlyInAnyOrder(
                            bySdk(SdkHttpMethod.PUT, url, by, now, Duration.ofMinutes(20)).split("&"));
                }
            }
        }
    }
}
