package archfixture.gateway.web;

import archfixture.client.ClientType;

/** Breaks a rule. */
class NamesClient {

    Class<?> client() {
        return ClientType.class;
    }
}
