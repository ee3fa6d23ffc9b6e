"""Facts about the world that age: each set says where it is from and of which day it is."""
