"""The Shopware 6 app: what the merchant installs, and the doors that Shopware calls."""
