package dev.wren.gateway.store;

/** An object was replaced or deleted while it was read. */
public final class ObjectChangedException extends StoreException {

    private static final long serialVersionUID = 1L;

    public ObjectChangedException(String key) {
        super(key + " was changed while it was read", null);
    }
}
