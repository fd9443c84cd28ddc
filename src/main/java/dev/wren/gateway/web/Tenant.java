package dev.wren.gateway.web;

/** The request's attribute that says whom the caller belongs to. */
public final class Tenant {

    /** Name of the attribute; a string. */
    public static final String ATTRIBUTE = "wren.tenant";

    private Tenant() {
    }
}
