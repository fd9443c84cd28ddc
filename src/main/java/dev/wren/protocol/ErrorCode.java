package dev.wren.protocol;

/** Why a call has ended without a value. The order is part of the wire: new codes go to the end. */
public enum ErrorCode {
    /** The function threw. */
    FUNCTION,
    /** The attempt ran longer than {@code jobMaxRuntime}. */
    OUTATIME,
    /** The process died in this call. */
    RETCODE,
    /** Somebody cancelled the call. */
    CANCELLED,
    /** Gateway and worker speak different versions of the protocol. */
    WRONGVERSION,
    /** Sent as often as the configuration allows, and never heard of again. */
    LOST,
    /** The function could not be loaded, its datum not bound, or its value not written. */
    RUNTIME
}
