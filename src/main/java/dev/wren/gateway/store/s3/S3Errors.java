package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.StoreException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What S3's answers mean. */
final class S3Errors {

    private S3Errors() {
    }

    /** What a conditional write was answered, or may have come to. */
    enum Refusal {
        /** The condition does not hold: 412, and 404 for an object that is to be replaced. */
        NOT_AS_EXPECTED,
        /** Another write was under way: 409. Nothing was written, and it may be tried again. */
        CONFLICT,
        /** It will not be done: the request or the one who asks is at fault. */
        DENIED,
        /** It may have been done or not. */
        UNKNOWN
    }

    static Refusal refusal(SdkException e) {
        if (!(e instanceof S3Exception answer)) {
            return Refusal.UNKNOWN;
        }
        return switch (answer.statusCode()) {
            case 412 -> Refusal.NOT_AS_EXPECTED;
            case 404 -> switch (code(answer)) {
                case "NoSuchKey" -> Refusal.NOT_AS_EXPECTED;
                // It was completed, or aborted.
                case "NoSuchUpload" -> Refusal.UNKNOWN;
                default -> Refusal.DENIED;
            };
            case 409 -> Refusal.CONFLICT;
            // A request whose time was over, or that the server wants to have later.
            case 408, 429 -> Refusal.UNKNOWN;
            default -> answer.statusCode() / 100 == 4 ? Refusal.DENIED : Refusal.UNKNOWN;
        };
    }

    /** Whether there is no such object; the bucket being gone is another matter. */
    static boolean isAbsent(SdkException e) {
        // An answer to HEAD has no body, and so no code.
        return e instanceof S3Exception answer && answer.statusCode() == 404 && !"NoSuchBucket".equals(code(answer));
    }

    static boolean isPastTheEnd(SdkException e) {
        return e instanceof S3Exception answer && answer.statusCode() == 416;
    }

    private static String code(S3Exception e) {
        AwsErrorDetails details = e.awsErrorDetails();
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }

    static StoreException failed(String operation, String key, SdkException e) {
        return new StoreException(operation + " of " + key + " failed: " + reason(e), e);
    }

    /** In one line. */
    static String reason(SdkException e) {
        if (e instanceof S3Exception answer) {
            AwsErrorDetails details = answer.awsErrorDetails();
            return "S3 answered " + answer.statusCode() + " " + code(answer)
                    + (details == null || details.errorMessage() == null ? "" : ": " + details.errorMessage());
        }
        return String.valueOf(e.getMessage());
    }
}
