package dev.wren.protocol.remote;

/**
 * A call of an invocation.
 *
 * @param call index of the call in its callset, from 0
 * @param attempt from 1
 * @param token what its report has to carry
 * @param datum where its datum is
 */
public record RemoteCall(int call, int attempt, String token, Datum datum) {

    /** A datum, or where it is. */
    public sealed interface Datum {

        /**
         * In the invocation.
         *
         * @param json UTF-8; not copied, and not to be changed by anyone
         */
        @SuppressWarnings("ArrayRecordComponent")
        record Inline(byte[] json) implements Datum {
        }

        /**
         * Part of the callset's data, {@link RemoteInvocation#data}.
         *
         * @param offset of its first byte
         * @param length its bytes
         */
        record Range(long offset, int length) implements Datum {
        }

        /**
         * An object of its own.
         *
         * @param url where it can be read for a while
         */
        record Link(String url) implements Datum {
        }
    }
}
