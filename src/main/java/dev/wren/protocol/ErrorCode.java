package dev.wren.protocol;

/** Why a call has ended without a value.  */
public enum ErrorCode {
    /** The function threw. */
    FUNCTION(0),
    /** The attempt ran longer than {@code jobMaxRuntime}. */
    OUTATIME(1),
    /** The process died in this call. */
    RETCODE(2),
    /** Somebody cancelled the call. */
    CANCELLED(3),
    /** Gateway and worker speak different versions of the protocol. */
    WRONGVERSION(4),
    /** Sent as often as the configuration allows, and never heard of again. */
    LOST(5),
    /** The function could not be loaded, its datum not bound, or its value not written. */
    RUNTIME(6);

    private final int code;

    ErrorCode(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static ErrorCode of(int code) {
        for (ErrorCode error : values()) {
            if (error.code == code) {
                return error;
            }
        }
        throw new WireException("no error has the number " + code);
    }
}
