"""The least l^p path norm of networks that fit, certified."""
