package dev.wren.gateway.web;

/** The request's attribute that names the caller's tenant. */
public final class Tenant {

    /** Name of the attribute; a string. */
    public static final String ATTRIBUTE = "wren.tenant";

    private Tenant() {
    }
}
