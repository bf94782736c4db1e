"""What a script uses, one function a file; `import gradcam_lab as lab` finds them. It only hands on, as `cli` does."""
